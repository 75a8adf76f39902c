// Câu chữ của màn hình xác minh, bằng tiếng Việt; chỉ tải khi mở màn hình ấy.
export const viVerify = {
  'verify.none': 'Không còn hộ nào chờ xác minh.',
  'verify.verify': 'Xác minh',
  'verify.return': 'Trả lại',
  'verify.reason': 'Lý do trả lại',
  'verify.reasonNeeded': 'Hãy ghi lý do để cán bộ biết cần sửa gì.',
  'verify.done': 'Đã xác minh hộ {name}.',
  'verify.returned': 'Đã trả lại hộ {name}.',
  'verify.findings': 'Lưu ý của sổ',
  'verify.paper': 'Phiếu giấy số {number}',
  'verify.parcels': '{count} thửa, đo được {area} m²',
} as const;
